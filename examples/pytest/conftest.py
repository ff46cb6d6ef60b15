"""An environment of containers for a run of pytest, by Pulumi's Automation API and the package of Bothy."""

import uuid

import bothy
import pytest
from pulumi import automation

PAGE = "Hello from a test.\n"


def program() -> None:
    """What the tests run against; the same function may be the program of a deployment."""
    import pulumi

    web = bothy.Container(
        "web",
        image="template:busybox",
        files={
            "/etc/rc.local": {"mode": "0755", "content": "#!/bin/sh\nhttpd -h /var/www\n"},
            "/var/www/index.html": {"content": PAGE},
        },
        wait={"command": ["wget", "-q", "-O", "/dev/null", "http://127.0.0.1/"]},
    )
    pulumi.export("address", web.ipv4_address)


@pytest.fixture(scope="session")
def environment():
    """Outputs of the program; all of it is gone when the tests are, whether they pass or fail."""
    name = f"test-{uuid.uuid4().hex[:8]}"
    stack = automation.create_stack(stack_name=name, project_name="pytest", program=program)
    try:
        outputs = stack.up().outputs
        yield {key: output.value for key, output in outputs.items()}
    finally:
        stack.destroy()
        stack.workspace.remove_stack(name)
