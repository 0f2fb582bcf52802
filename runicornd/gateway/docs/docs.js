// Shows the operations of /openapi.json and tries them with the dashboard's own token.
// Everything is put in as text: what servers call their files is never markup here.

const token = localStorage.getItem("runicornd.token");

function element(name, properties = {}, ...children) {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
}

async function request(verb, path, body) {
  const headers = { Authorization: `Bearer ${token}` };
  if (body !== undefined) headers["Content-Type"] = "application/json";
  const answer = await fetch(path, { method: verb, headers, body });
  const text = await answer.text();
  let shown = text;
  try {
    shown = JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    // Not JSON: shown as it is.
  }
  return { isGood: answer.ok, status: answer.status, text: shown };
}

function sample(schema, schemas) {
  if (schema.$ref) return sample(schemas[schema.$ref.split("/").pop()], schemas);
  if ("default" in schema) return schema.default;
  if (schema.enum) return schema.enum[0];
  if (schema.anyOf) return sample(schema.anyOf[0], schemas);
  if (schema.type === "array") return [];
  if (schema.type === "integer" || schema.type === "number") return 0;
  if (schema.type === "boolean") return false;
  if (schema.type !== "object") return "";
  const needed = new Set(schema.required ?? []);
  const fields = Object.entries(schema.properties ?? {}).filter(([name]) => needed.has(name));
  return Object.fromEntries(fields.map(([name, field]) => [name, sample(field, schemas)]));
}

function fields(schema, schemas) {
  const found = schemas[schema.$ref.split("/").pop()];
  const needed = new Set(found.required ?? []);
  const names = Object.keys(found.properties ?? {});
  return names.map((name) => (needed.has(name) ? name : `${name}?`)).join(", ");
}

function address(path, inputs) {
  const query = new URLSearchParams();
  let filled = path;
  for (const { parameter, input } of inputs) {
    if (parameter.in === "path") filled = filled.replace(`{${parameter.name}}`, encodeURIComponent(input.value));
    else if (input.value) query.set(parameter.name, input.value);
  }
  return query.size ? `${filled}?${query}` : filled;
}

function operation(verb, path, told, schemas) {
  const inputs = told.parameters.map((parameter) => {
    const input = element("input", { required: parameter.required, name: parameter.name, autocomplete: "off" });
    return { parameter, input };
  });
  const schema = told.requestBody?.content["application/json"].schema;
  const area = schema && element("textarea", { spellcheck: false });
  if (area) area.value = JSON.stringify(sample(schema, schemas), null, 2);
  const result = element("pre", { hidden: true, tabIndex: 0 });
  const send = element("button", { type: "submit", disabled: !token }, "Try it");
  const form = element(
    "form",
    {},
    ...inputs.map(({ parameter, input }) => element("label", {}, parameter.name, input)),
    ...(area ? [element("label", {}, `Body: { ${fields(schema, schemas)} }`, area)] : []),
    send,
    result,
  );
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    send.disabled = true;
    try {
      const answer = await request(verb, address(path, inputs), area?.value);
      result.textContent = `${answer.status}\n${answer.text}`;
      result.className = answer.isGood ? "" : "wrong";
    } catch {
      result.textContent = "cannot reach the daemon";
      result.className = "wrong";
    }
    result.hidden = false;
    send.disabled = false;
  });
  const verbShown = element("code", { className: "verb" }, verb);
  return element(
    "details",
    {},
    element("summary", {}, verbShown, element("code", {}, path), ` ${told.summary}`),
    element("p", {}, told.description.replaceAll("`", "")),
    form,
  );
}

async function show() {
  const main = document.getElementById("operations");
  const answer = token ? await request("GET", "/openapi.json") : { isGood: false };
  if (!answer.isGood) {
    const how = "This browser is not let in: run 'runicornctl dashboard' in a terminal, then reload.";
    main.replaceChildren(element("p", {}, how));
    return;
  }
  const described = JSON.parse(answer.text);
  document.getElementById("about").textContent = described.info.description;
  const file = new Blob([answer.text], { type: "application/json" });
  document.getElementById("download").href = URL.createObjectURL(file);
  main.replaceChildren();
  for (const [path, verbs] of Object.entries(described.paths))
    for (const [verb, told] of Object.entries(verbs))
      main.append(operation(verb.toUpperCase(), path, told, described.components.schemas));
}

show().catch(() => {
  document.getElementById("operations").textContent = "cannot reach the daemon; reload to try again";
});
