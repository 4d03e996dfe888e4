"""The box on an emulated Cortex-M3, its UARTs and its Ethernet frames on Unix sockets; no privilege needed, no port taken."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

BOX_MAC, OUR_MAC = bytes.fromhex("525400620001"), bytes.fromhex("020000000001")
BOX_IP, OUR_IP = bytes([10, 77, 0, 2]), bytes([10, 77, 0, 1])
RADAR_PORT, LINK_PORT, LINK_OUT_PORT, C2_OUT_PORT = 8600, 8601, 8602, 8603


def checksum(octets: bytes) -> int:
    total = sum(int.from_bytes(octets[k : k + 2].ljust(2, b"\0"), "big") for k in range(0, len(octets), 2))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return total ^ 0xFFFF


class QemuBox:
    """Started with the options of the box; `stop` ends it."""

    def __init__(self, image: Path, folder: Path, *options: str) -> None:
        if shutil.which("qemu-system-arm") is None:
            pytest.skip("no emulator: apt-get install qemu-system-arm")
        self.wire = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.wire.bind(str(folder / "ours"))
        self.their_wire = str(folder / "theirs")
        uarts = [folder / name for name in ("console", "radar")]
        network = ("--ip", "10.77.0.2/24", "--gateway", "10.77.0.1", "--radar-port", str(RADAR_PORT))
        network += ("--link-port", str(LINK_PORT), "--link-out", f"10.77.0.1:{LINK_OUT_PORT}")
        words = ["rib", *network, "--c2-out", f"10.77.0.1:{C2_OUT_PORT}", *options]
        self.process = subprocess.Popen(
            [
                *("qemu-system-arm", "-M", "mps2-an385", "-display", "none", "-monitor", "none"),
                *("-kernel", str(image), "-qmp", f"unix:{folder}/qmp,server=on,wait=off"),
                *("-semihosting-config", "enable=on,target=native," + ",".join(f"arg={word}" for word in words)),
                *(word for uart in uarts for word in ("-serial", f"unix:{uart},server=on,wait=off")),
                "-netdev",
                f"dgram,id=n0,local.type=unix,local.path={self.their_wire},remote.type=unix,remote.path={folder}/ours",
                *("-net", f"nic,netdev=n0,model=lan9118,macaddr={BOX_MAC.hex(':')}"),
            ]
        )
        self.console, self.serial = (self._connect(uart) for uart in uarts)
        self.qmp = self._connect_qmp(folder / "qmp")
        self._identification = 0

    def _connect(self, path: Path) -> socket.socket:
        end = time.monotonic() + 10
        while True:
            try:
                line = socket.socket(socket.AF_UNIX)
                line.connect(str(path))
                return line
            except (FileNotFoundError, ConnectionRefusedError):
                line.close()
                assert self.process.poll() is None, "the emulator has ended"
                assert time.monotonic() < end
                time.sleep(0.01)

    def _connect_qmp(self, path: Path) -> Any:
        line = socket.socket(socket.AF_UNIX)
        line.connect(str(path))
        qmp = line.makefile("rw")
        qmp.readline()
        return qmp

    def tell_emulator(self, command: str) -> None:
        for name in ("qmp_capabilities", command):
            self.qmp.write(json.dumps({"execute": name}) + "\n")
            self.qmp.flush()
            while not {"return", "error"} & json.loads(self.qmp.readline()).keys():
                pass

    def ask(self, query: str, timeout_s: float = 10.0) -> str:
        self.console.settimeout(timeout_s)
        self.console.sendall(query.encode() + b"\n")
        answer = b""
        while not answer.endswith(b"\n"):
            answer += self.console.recv(4096)
        return answer.decode().rstrip("\n")

    def counters(self) -> dict[str, int]:
        return {name: int(value) for name, value in (pair.split("=") for pair in self.ask("STAT:COUN?").split(","))}

    def send(self, payload: bytes, port: int = RADAR_PORT) -> None:
        """A datagram from us, checksums and all."""
        pseudo = OUR_IP + BOX_IP + bytes([0, 17]) + (8 + len(payload)).to_bytes(2, "big")
        header = (40000).to_bytes(2, "big") + port.to_bytes(2, "big") + (8 + len(payload)).to_bytes(2, "big")
        udp = header + checksum(pseudo + header + b"\0\0" + payload).to_bytes(2, "big") + payload
        ip = b"\x45\0" + (20 + len(udp)).to_bytes(2, "big") + bytes(4) + bytes([64, 17]) + b"\0\0" + OUR_IP + BOX_IP
        ip = ip[:10] + checksum(ip).to_bytes(2, "big") + ip[12:]
        self._put(b"\x08\0", ip + udp)

    def receive(self, port: int, timeout_s: float = 5.0) -> bytes:
        """The next datagram to that port of ours; answers ARP on the way and refuses a wrong checksum."""
        end = time.monotonic() + timeout_s
        while (left := end - time.monotonic()) > 0:
            self.wire.settimeout(left)
            frame = self.wire.recv(2048)
            if frame[12:14] == b"\x08\x06" and frame[20:22] == b"\0\1" and frame[38:42] == OUR_IP:
                arp = frame[14:20] + b"\0\2" + OUR_MAC + OUR_IP + BOX_MAC + BOX_IP
                self._put(b"\x08\x06", arp)
            elif frame[12:14] == b"\x08\0" and frame[23] == 17:
                ip, udp = frame[14:34], frame[34 : 14 + int.from_bytes(frame[16:18], "big")]
                assert checksum(ip) == 0
                assert checksum(ip[12:20] + b"\0\x11" + udp[4:6] + udp) == 0
                if int.from_bytes(udp[2:4], "big") == port:
                    return udp[8:]
        raise TimeoutError(f"nothing came to port {port}")

    def _put(self, kind: bytes, packet: bytes) -> None:
        self.wire.sendto((BOX_MAC + OUR_MAC + kind + packet).ljust(60, b"\0"), self.their_wire)

    def stop(self) -> None:
        for line in (self.console, self.serial, self.wire, self.qmp):
            line.close()
        self.process.kill()
        self.process.wait()
