"""Drives a simulated Proxmox VE host with proxmoxer, a client that shares no code with this project.

Usage: client.py HOST:PORT CA_FILE TOKEN_ID TOKEN_SECRET USER PASSWORD NODE TEMPLATE

A machine goes through its whole life twice: once with a ticket, once with a token. The first expectation that does not
hold ends the run with a message and exit code 1.
"""

import sys
import time

from proxmoxer import ProxmoxAPI, ResourceException
from proxmoxer.core import AuthenticationError


def expect(what, actual, wanted):
    if actual != wanted:
        sys.exit(f"{what}: expected {wanted!r}, got {actual!r}")


def refused(what, status, call):
    """The call fails with this status."""
    try:
        answer = call()
    except ResourceException as error:
        expect(what, error.status_code, status)
        return error
    sys.exit(f"{what}: expected status {status}, got an answer: {answer!r}")


def finish(node, upid, wanted="OK"):
    """Waits for a task, and reads its log as well."""
    deadline = time.monotonic() + 60
    while (status := node.tasks(upid).status.get())["status"] == "running":
        if time.monotonic() > deadline:
            sys.exit(f"{upid} is still running after a minute")
        time.sleep(0.05)
    expect(f"exit status of {upid}", status["exitstatus"], wanted)
    log = node.tasks(upid).log.get(limit=0)
    expect(f"last line of {upid}", log[-1]["t"], f"TASK {wanted}")


def life_of_a_machine(api, node_name, template, vmid):
    node = api.nodes(node_name)
    machine = node.qemu(vmid)
    name = f"interop-{vmid}"

    expect("next id", api.cluster.nextid.get(vmid=vmid), str(vmid))
    finish(node, node.qemu(template).clone.post(newid=vmid, name=name, full=1))
    refused("a VMID that is taken", 500, lambda: node.qemu(template).clone.post(newid=vmid))

    before = machine.config.get()
    expect("name", before["name"], name)
    machine.config.put(cores=3, memory=3072, ipconfig0="ip=192.168.50.77/24,gw=192.168.50.1", digest=before["digest"])
    after = machine.config.get()
    expect("cores", after["cores"], 3)
    expect("memory", int(after["memory"]), 3072)
    refused("a digest of the past", 500, lambda: machine.config.put(cores=4, digest=before["digest"]))
    error = refused("a parameter that does not exist", 400, lambda: machine.config.put(kernels=3))
    expect("faulty parameters", sorted(error.errors), ["kernels"])

    finish(node, machine.resize.put(disk="scsi0", size="10G"))
    size = dict(part.split("=", 1) for part in machine.config.get()["scsi0"].split(",")[1:])["size"]
    expect("size of the disk", size, "10G")

    refused("the agent of a stopped machine", 500, lambda: machine.agent("network-get-interfaces").get())
    finish(node, machine.status.start.post())
    expect("status", machine.status.current.get()["status"], "running")
    interfaces = machine.agent("network-get-interfaces").get()["result"]
    if "lo" not in [interface["name"] for interface in interfaces]:
        sys.exit(f"the agent does not show the loopback: {interfaces!r}")

    finish(node, machine.status.stop.post())
    expect("status", machine.status.current.get()["status"], "stopped")
    finish(node, machine.delete(purge=1))
    refused("a machine that is gone", 500, lambda: machine.config.get())

    kinds = {task["type"] for task in node.tasks.get(vmid=vmid, limit=50)}
    expect("tasks of the machine", sorted(kinds - {"resize"}), ["qmdestroy", "qmstart", "qmstop"])


def main():
    host, ca_file, token_id, token_secret, user, password, node, template = sys.argv[1:]
    user_of_token, token = token_id.split("!")
    common = {"verify_ssl": ca_file, "timeout": 30}

    with_ticket = ProxmoxAPI(host, user=user, password=password, **common)
    expect("release", with_ticket.version.get()["release"].split(".")[0].isdigit(), True)
    life_of_a_machine(with_ticket, node, template, 8101)

    with_token = ProxmoxAPI(host, user=user_of_token, token_name=token, token_value=token_secret, **common)
    life_of_a_machine(with_token, node, template, 8102)

    try:
        ProxmoxAPI(host, user=user, password=f"not {password}", **common)
    except AuthenticationError:
        pass
    else:
        sys.exit("a wrong password was taken")
    wrong = ProxmoxAPI(host, user=user_of_token, token_name=token, token_value="wrong", **common)
    refused("a wrong token", 401, lambda: wrong.version.get())
    print("proxmoxer: ticket and token login, clone, configuration, resize, start, agent, stop, delete, tasks")


if __name__ == "__main__":
    main()
