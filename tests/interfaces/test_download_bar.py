from __future__ import annotations

import functools
import http.server
import socketserver
import threading

import pooch

from whynet.interfaces.cli.data import DownloadBar


def test_pooch_can_drive_it_for_several_files(tmp_path):
    (tmp_path / "file").write_bytes(bytes(200_000))

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *args):
            pass

    handler = functools.partial(Quiet, directory=str(tmp_path))
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        bar = DownloadBar()
        for number in range(2):
            download = pooch.HTTPDownloader(progressbar=bar, timeout=5)
            download(f"http://127.0.0.1:{server.server_address[1]}/file", str(tmp_path / f"copy{number}"), None)
            assert bar._progress.tasks[0].completed == 200_000
        server.shutdown()
        thread.join()
