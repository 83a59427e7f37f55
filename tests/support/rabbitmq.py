"""Virtual hosts of a RabbitMQ server, made and deleted within milliseconds.

Each call of `rabbitmqctl` starts an Erlang machine, which takes a second and more; what the
broker itself does takes 30 ms. So one `rabbitmqctl eval` for each test process reads commands
line by line from its input. When that input ends, however the tests came to their end, it
deletes what they left behind.
"""

from __future__ import annotations

import atexit
import functools
import subprocess
from typing import Final

#: Reads `add NAME USER` and `delete NAME`, and answers each with a line: `answer: ok`, or what
#: is wrong. Without `$`, backquotes and backslashes, which Debian's wrapper has a shell expand.
_SERVE: Final = """
Do = fun
    ([<<"add">>, VHost, User]) ->
        ok = rabbit_vhost:add(VHost, <<"tests">>),
        rabbit_auth_backend_internal:set_permissions(
            User, VHost, <<".*">>, <<".*">>, <<".*">>, <<"tests">>);
    ([<<"delete">>, VHost]) ->
        rabbit_vhost:delete(VHost, <<"tests">>)
end,
Serve = fun Next(Mine) ->
    case io:get_line("") of
        Line when is_list(Line); is_binary(Line) ->
            Command = [Verb, VHost | _] = string:lexemes(iolist_to_binary(Line), [32, 10]),
            io:format("answer: ~0p~n", [catch Do(Command)]),
            Next(case Verb of <<"add">> -> [VHost | Mine]; _ -> lists:delete(VHost, Mine) end);
        _ ->
            [Do([<<"delete">>, VHost]) || VHost <- Mine],
            ok
    end
end,
Serve([]).
"""


def add_vhost(name: str, user: str) -> None:
    """Make a virtual host in which `user` may do everything. Raises `OSError` with the
    server's words if it cannot be."""
    _server().do(f"add {name} {user}")


def delete_vhost(name: str) -> None:
    """Delete it with all that is in it. Raises `OSError` with the server's words."""
    _server().do(f"delete {name}")


class _Server:
    """The `rabbitmqctl` of this process, in a session of its own: an interrupt from the
    keyboard is for the tests, which still need it to tidy up."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            ["rabbitmqctl", "--quiet", "eval", _SERVE],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        atexit.register(self._process.communicate)

    def do(self, command: str) -> None:
        to, of = self._process.stdin, self._process.stdout
        assert to is not None
        assert of is not None
        print(command, file=to, flush=True)
        # What the broker's processes say of themselves comes by the same way.
        said = []
        for line in of:
            said.append(line)
            if line.startswith("answer: "):
                break
        if not said or said[-1] != "answer: ok\n":
            raise OSError(f"{command}: {''.join(said)}".strip())


@functools.cache
def _server() -> _Server:
    return _Server()
