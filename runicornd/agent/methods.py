"""The methods of the protocol: each takes its parameters apart, calls, and shapes the answer."""

import time
from typing import Callable, Dict

from .environments import Environments
from .orders import Order
from .params import Params
from .viewers import Identity, Viewers

PID_LIMIT = 2**31
LOG_LINES_LIMIT = 1000
LONGEST_GRACE_S = 60.0
LONGEST_LEASE_S = 30 * 86400.0

Answer = Dict[str, object]


class Methods:
    """All methods by name; ``ping`` is the caller's."""

    def __init__(self, environments: Environments, viewers: Viewers) -> None:
        self._environments = environments
        self._viewers = viewers
        self._answered: Dict[str, Answer] = {}
        self.table: Dict[str, Callable[[Params], Answer]] = {
            "environments.list": self._list_environments,
            "environments.inspect": self._inspect_environment,
            "viewer.start": self._start,
            "viewer.attach": self._attach,
            "viewer.stop": self._stop,
            "viewer.list": self._list_viewers,
            "viewer.log": self._log,
            "viewer.unfollow": self._unfollow,
            "store.change": self._change_store,
            "folders.list": _list_folders,
            "diagnose.clock": _clock,
            "diagnose.account": _account,
            "diagnose.listen": _listen,
        }

    def _list_environments(self, params: Params) -> Answer:
        return self._environments.list(params.texts("packages"))

    def _inspect_environment(self, params: Params) -> Answer:
        return self._environments.inspect(params.text("path"), params.texts("packages"))

    def _start(self, params: Params) -> Answer:
        order = Order(
            instance=params.text("instance"),
            session=params.text("session"),
            argv=params.texts("argv"),
            env=params.mapping("env"),
            root=params.text("root"),
            transport=params.text("transport"),
            lease_s=params.seconds("lease_s", LONGEST_LEASE_S),
        )
        return self._viewers.start(order)

    def _attach(self, params: Params) -> Answer:
        return self._viewers.attach(_identity(params))

    def _stop(self, params: Params) -> Answer:
        grace_s = params.seconds("grace_s", LONGEST_GRACE_S, default=5.0)
        return {"stopped": self._viewers.stop(_identity(params), grace_s)}

    def _list_viewers(self, _params: Params) -> Answer:
        return {"viewers": self._viewers.list()}

    def _log(self, params: Params) -> Answer:
        count = params.whole("lines", 0, LOG_LINES_LIMIT, default=50)
        return {"lines": self._viewers.log(params.text("instance"), count, params.flag("follow"))}

    def _unfollow(self, params: Params) -> Answer:
        self._viewers.unfollow(params.text("instance"))
        return {}

    def _change_store(self, params: Params) -> Answer:
        from .store_changes import change  # noqa: PLC0415 - most agents change nothing

        return change(params, self._answered)


def _list_folders(params: Params) -> Answer:
    from .picker import folders  # noqa: PLC0415 - hardly anyone asks

    return folders(params.text("path"))


def _clock(_params: Params) -> Answer:
    return {"time": time.time()}


def _account(params: Params) -> Answer:
    from .diagnose import account  # noqa: PLC0415 - only the doctor asks

    return account(params.text("root"))


def _listen(params: Params) -> Answer:
    from .diagnose import listen  # noqa: PLC0415 - only the doctor asks

    return listen(params.text("transport"))


def _identity(params: Params) -> Identity:
    return Identity(
        instance=params.text("instance"),
        pid=params.whole("pid", 1, PID_LIMIT),
        start_time=params.text("start_time"),
        boot_id=params.text("boot_id"),
    )
