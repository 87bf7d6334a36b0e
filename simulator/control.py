"""How a simulated home is told what happens: lines of JSON on a unix socket, one answer a line."""

import asyncio
import json
import socket
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, Final

from homecare.errors import Unavailable, VakaError

LINE_BYTES: Final = 4096
ANSWER_SECONDS: Final = 10.0
"""Everything a home can be told is done within a second or two."""

Answer = Callable[[list[str]], Awaitable[Any]]


async def serve(path: Path, answer: Answer) -> asyncio.Server:
    """Answer the commands that come in on `path`: `{"do": [words]}` gives `{"done": ...}` or `{"error": ...}`."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while line := await reader.readline():
                writer.write(json.dumps(await _answered(line, answer)).encode() + b"\n")
                await writer.drain()
        except (OSError, ValueError):
            pass  # it went away, or its line is longer than any command
        finally:
            writer.close()

    return await asyncio.start_unix_server(talk, path, limit=LINE_BYTES)


async def _answered(line: bytes, answer: Answer) -> dict[str, Any]:
    try:
        words = json.loads(line)["do"]
        return {"done": await answer([str(word) for word in words])}
    except VakaError as error:
        return {"error": str(error)}
    except (ValueError, KeyError, TypeError):
        return {"error": 'one line of JSON: {"do": ["press"]}'}


def tell(path: str, words: list[str]) -> Any:  # noqa: ANN401 - whatever JSON the home answers
    """Tell the home behind `path` something, and give its answer; `Unavailable` if it does not do it."""
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as line:
            line.settimeout(ANSWER_SECONDS)
            line.connect(path)
            line.sendall(json.dumps({"do": words}).encode() + b"\n")
            with line.makefile("rb") as stream:
                answer = json.loads(stream.readline(LINE_BYTES))
    except (OSError, ValueError) as error:
        raise Unavailable(
            "tell the home", " ".join(words), "it does not answer; is the demonstration running?"
        ) from error
    if "error" in answer:
        raise Unavailable("tell the home", " ".join(words), answer["error"])
    return answer["done"]
