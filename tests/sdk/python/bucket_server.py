"""A server's exports, served as S3 would: as much of it as `aws cloudtrail validate-logs` asks."""

import http.server
import json
import pathlib
import threading
import urllib.parse
from xml.sax.saxutils import escape

METADATA_END = ".metadata.json"


class BucketServer:
    """Serves a folder of exports; each folder in it is a bucket."""

    def __init__(self, exports):
        self.exports = pathlib.Path(exports)
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                outer.answer(self)

            def log_message(self, *arguments):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)

    @property
    def endpoint(self):
        return f"http://127.0.0.1:{self.server.server_address[1]}"

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()

    def answer(self, request):
        url = urllib.parse.urlsplit(request.path)
        query = dict(urllib.parse.parse_qsl(url.query, keep_blank_values=True))
        bucket, _, key = urllib.parse.unquote(url.path).lstrip("/").partition("/")
        if key:
            self.object(request, bucket, key)
        elif "location" in query:
            self.xml(request, "<LocationConstraint/>")
        else:
            self.listing(request, bucket, query)

    def object(self, request, bucket, key):
        path = self.exports / bucket / key
        if not path.is_file():
            self.send(request, 404, b"<Error><Code>NoSuchKey</Code></Error>", {})
            return
        beside = path.with_name(path.name + METADATA_END)
        metadata = json.loads(beside.read_text()) if beside.is_file() else {}
        headers = {f"x-amz-meta-{name}": value for name, value in metadata.items()}
        self.send(request, 200, path.read_bytes(), headers)

    def listing(self, request, bucket, query):
        root = self.exports / bucket
        keys = sorted(path.relative_to(root).as_posix() for path in root.rglob("*.gz"))
        after = query.get("marker", "")
        wanted = [key for key in keys if key.startswith(query.get("prefix", "")) and key > after]
        contents = "".join(f"<Contents><Key>{escape(key)}</Key></Contents>" for key in wanted)
        self.xml(
            request,
            f"<ListBucketResult><Name>{bucket}</Name><IsTruncated>false</IsTruncated>"
            f"{contents}</ListBucketResult>",
        )

    def xml(self, request, text):
        self.send(request, 200, text.encode(), {"Content-Type": "application/xml"})

    def send(self, request, status, body, headers):
        request.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(body))}.items():
            request.send_header(name, value)
        request.end_headers()
        request.wfile.write(body)
