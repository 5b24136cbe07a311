"""No outgoing request reaches an address that nobody meant: judged by what the name stands for, at the moment of the call."""

import ast
import ipaddress
import threading
from collections.abc import Sequence
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import httpx
import pytest

from bot.backends.fetch_public import ANSWER_LIMIT, public_fetch
from bot.backends.guarded import Address, AddressNotAllowed, GuardedTransport, Reach, guarded
from bot.errors import SourceUnavailable

ROOT = Path(__file__).parents[2]
NEVER = (
    "169.254.169.254", "169.254.1.1", "fe80::1", "224.0.0.1", "0.0.0.0", "::", "fd00:ec2::254", "100.100.100.200",
    "::ffff:169.254.169.254", "64:ff9b::a9fe:a9fe", "2002:a9fe:a9fe::1",
)  # fmt: skip
OWN = ("127.0.0.1", "::1", "10.0.0.7", "172.16.0.1", "192.168.1.1", "fd12::1", "100.64.0.1", "::ffff:10.0.0.1", "64:ff9b::a00:1")
PUBLIC = ("52.94.5.1", "2600:1f18::1", "::ffff:52.94.5.1")


@pytest.mark.parametrize("address", NEVER)
def test_metadata_and_link_local_addresses_are_never_called(address: str) -> None:
    for reach in Reach:
        assert not reach.allows(ipaddress.ip_address(address))


@pytest.mark.parametrize("address", OWN)
def test_the_own_network_is_for_what_an_operator_named(address: str) -> None:
    assert Reach.CONFIGURED.allows(ipaddress.ip_address(address))
    assert not Reach.PUBLIC.allows(ipaddress.ip_address(address))


@pytest.mark.parametrize("address", PUBLIC)
def test_the_internet_is_for_both(address: str) -> None:
    assert all(reach.allows(ipaddress.ip_address(address)) for reach in Reach)


class Inner(httpx.AsyncBaseTransport):
    """What would go over the wire; addresses in `dead` refuse."""

    def __init__(self, dead: Sequence[str] = (), answer: httpx.Response | None = None) -> None:
        self.sent: list[httpx.Request] = []
        self._dead, self._answer = dead, answer or httpx.Response(200, content=b"ok")

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if request.url.host in self._dead:
            raise httpx.ConnectError("refused", request=request)
        self.sent.append(request)
        return self._answer


def names(**known: Sequence[str]) -> "Resolver":
    return Resolver(known)


class Resolver:
    def __init__(self, known: dict[str, Sequence[str]]) -> None:
        self.known, self.asked = known, 0

    async def __call__(self, host: str, _port: int) -> Sequence[Address]:
        self.asked += 1
        return [ipaddress.ip_address(one) for one in self.known.get(host.partition(".")[0], ())]


async def get(url: str, reach: Reach, resolver: Resolver, inner: Inner) -> httpx.Response:
    async with httpx.AsyncClient(transport=GuardedTransport(reach, resolve=resolver, inner=inner)) as client:
        return await client.get(url)


async def test_the_connection_goes_to_the_address_that_was_judged_under_the_same_name() -> None:
    resolver, inner = names(sns=["52.94.5.1"]), Inner()
    assert (await get("https://sns.eu-west-1.amazonaws.com/a.pem", Reach.PUBLIC, resolver, inner)).text == "ok"
    (sent,) = inner.sent
    assert (sent.url.host, sent.headers["host"]) == ("52.94.5.1", "sns.eu-west-1.amazonaws.com")
    assert sent.extensions["sni_hostname"] == "sns.eu-west-1.amazonaws.com"
    assert resolver.asked == 1


async def test_a_name_with_one_bad_address_among_good_ones_is_refused() -> None:
    inner = Inner()
    with pytest.raises(AddressNotAllowed):
        await get("https://evil.example/", Reach.PUBLIC, names(evil=["52.94.5.1", "10.0.0.1"]), inner)
    assert inner.sent == []


@pytest.mark.parametrize("url", ["http://sns.example/", "https://sns.example:8443/", "https://a:b@sns.example/", "ftp://sns.example/"])
async def test_only_plain_https_is_spoken_where_a_delivery_says_so(url: str) -> None:
    with pytest.raises(AddressNotAllowed):
        await get(url, Reach.PUBLIC, names(sns=["52.94.5.1"]), Inner())


async def test_a_dead_address_does_not_cost_the_others() -> None:
    inner = Inner(dead=["::1"])
    await get("http://prometheus:9090/api", Reach.CONFIGURED, names(prometheus=["::1", "127.0.0.1"]), inner)
    assert inner.sent[0].url.host == "127.0.0.1"
    with pytest.raises(httpx.ConnectError):
        await get("http://prometheus:9090/api", Reach.CONFIGURED, names(prometheus=["::1"]), Inner(dead=["::1"]))
    with pytest.raises(httpx.ConnectError):
        await get("http://prometheus:9090/api", Reach.CONFIGURED, names(), Inner())


async def test_a_redirect_is_an_answer_and_no_way_on() -> None:
    inner = Inner(answer=httpx.Response(302, headers={"location": "https://169.254.169.254/latest"}))
    async with public_fetch(GuardedTransport(Reach.PUBLIC, resolve=names(sns=["52.94.5.1"]), inner=inner)) as fetch:
        with pytest.raises(SourceUnavailable, match="HTTP 302"):
            await fetch("https://sns.example/")
    assert len(inner.sent) == 1


async def test_an_answer_without_end_is_cut() -> None:
    inner = Inner(answer=httpx.Response(200, content=b"x" * (ANSWER_LIMIT + 1)))
    async with public_fetch(GuardedTransport(Reach.PUBLIC, resolve=names(sns=["52.94.5.1"]), inner=inner)) as fetch:
        with pytest.raises(SourceUnavailable, match="larger than"):
            await fetch("https://sns.example/")
        with pytest.raises(SourceUnavailable, match="AddressNotAllowed"):
            await fetch("http://127.0.0.1/")
        with pytest.raises(SourceUnavailable):
            await fetch("https://[::1/")


class Hello(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write((self.headers["Host"] or "").encode())

    def log_message(self, *_: object) -> None: ...


async def test_a_real_server_on_this_machine_is_reached_by_its_name() -> None:
    server = HTTPServer(("127.0.0.1", 0), Hello)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        async with httpx.AsyncClient(transport=guarded(), trust_env=False) as client:
            answer = await client.get(f"http://localhost:{server.server_port}/")
            assert answer.text == f"localhost:{server.server_port}"
            with pytest.raises(AddressNotAllowed):
                await client.get("http://169.254.169.254/latest/meta-data/")
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


SPEAKS = ("httpx", "requests", "urllib", "socket.create_connection")


def test_every_http_client_of_the_back_ends_is_guarded() -> None:
    """A client that somebody adds without it, and a library of requests beside it, turns this red."""
    clients = 0
    for file in sorted((ROOT / "bot").rglob("*.py")):
        text = file.read_text(encoding="utf-8")
        if not any(word in text for word in SPEAKS):
            continue
        if file.name not in ("serve.py", "guarded.py", "demo.py"):
            assert "socket.create_connection" not in text, file
        tree = ast.parse(text)
        imported = {alias.name.partition(".")[0] for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
        assert not imported & {"requests", "urllib3"}, file
        for call in (node for node in ast.walk(tree) if isinstance(node, ast.Call)):
            named = ast.unparse(call.func)
            assert named not in ("httpx.get", "httpx.post", "httpx.request", "httpx.Client", "urllib.request.urlopen"), file
            if named == "httpx.AsyncClient" and file.parts[-2:] != ("cli", "demo.py"):  # the demo posts to its own service
                through = next((ast.unparse(word.value) for word in call.keywords if word.arg == "transport"), "")
                assert "guarded()" in through or "through" in through, file
                clients += 1
    assert clients >= 6
