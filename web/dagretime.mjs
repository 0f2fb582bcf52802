import dagre from "@dagrejs/dagre";
for (const [n,e] of [[100,150],[500,800],[500,2000],[500,5000]]) {
 const g=new dagre.graphlib.Graph(); g.setGraph({rankdir:"LR",nodesep:16,ranksep:60}); g.setDefaultEdgeLabel(()=>({}));
 for(let i=0;i<n;i++) g.setNode("n"+i,{width:200,height:48});
 for(let i=0;i<e;i++){ const a=Math.floor(Math.random()*(n-1)); const b=Math.min(n-1,a+1+Math.floor(Math.random()*40)); g.setEdge("n"+a,"n"+b);}
 const t=performance.now(); dagre.layout(g); console.log(n,e,(performance.now()-t).toFixed(0),"ms", g.graph().width,g.graph().height);
}
for (const n of [499]) { const g=new dagre.graphlib.Graph(); g.setGraph({rankdir:"LR"}); g.setDefaultEdgeLabel(()=>({}));
 for(let i=0;i<=n;i++) g.setNode("n"+i,{width:200,height:48}); for(let i=1;i<=n;i++) g.setEdge("n0","n"+i); const t=performance.now(); dagre.layout(g); console.log("star",(performance.now()-t).toFixed(0)); }
