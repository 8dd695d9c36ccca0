"""The metrics port: a page for programs of this machine, and nothing for anybody else."""

from __future__ import annotations

import http.client
import socket

import pytest

from agent_memory.query import metrics_port


def asked(port: int, path: str, host: str = "") -> tuple[int, str, str]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    connection.request("GET", path, headers={"Host": host} if host else {})
    response = connection.getresponse()
    found = response.status, response.getheader("Content-Type", ""), response.read().decode()
    connection.close()
    return found


def test_a_scraper_gets_the_page_and_a_web_page_under_another_name_does_not() -> None:
    port = metrics_port.MetricsPort(0, lambda: "agent_memory_up 1\n")
    port.start()
    try:
        assert asked(port.port, "/metrics?x=1") == (
            200,
            metrics_port.CONTENT_TYPE,
            "agent_memory_up 1\n",
        )
        assert asked(port.port, "/metrics", f"localhost:{port.port}")[0] == 200
        assert asked(port.port, "/metrics", "evil.example:80")[0] == 403
        assert asked(port.port, "/")[0] == 404
    finally:
        port.stop()


def test_a_port_that_is_taken_costs_only_the_metrics(caplog: pytest.LogCaptureFixture) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()

        assert metrics_port.opened(other.getsockname()[1], str) is None
    assert "metrics are not served" in caplog.text
    assert metrics_port.opened(0, str) is None
