"""An OTLP collector on loopback: what it is sent is read by OpenTelemetry's own messages."""

import http.server
import threading

from opentelemetry.proto.collector.trace.v1 import trace_service_pb2

from loopback import Loopback
from server import eventually


class Collector:
    """Takes spans, unless it is told to answer something else or nothing at all."""

    def __init__(self):
        self.bodies = []
        self.headers = []
        self.status = 200
        self.silence = None
        collector = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["content-length"]))
                if collector.silence:
                    collector.silence.wait(60)
                if collector.status == 200:
                    assert self.path == "/v1/traces"
                    assert self.headers["content-type"] == "application/x-protobuf"
                    collector.headers.append(self.headers)
                    collector.bodies.append(body)
                self.send_response(collector.status)
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        self.loopback = Loopback(Handler)
        self.endpoint = f"http://127.0.0.1:{self.loopback.port}"

    def be_silent(self):
        """Answers nothing more, for as long as it lasts."""
        self.silence = threading.Event()

    def stop(self):
        if self.silence:
            self.silence.set()
        self.loopback.stop()

    def resources(self):
        for body in list(self.bodies):
            yield from trace_service_pb2.ExportTraceServiceRequest.FromString(body).resource_spans

    def spans(self):
        return [span for it in self.resources() for scope in it.scope_spans for span in scope.spans]

    def named(self, name, **attributes):
        """The spans of this name with these attributes, as soon as there are some."""
        wanted = {key.replace("__", "."): value for key, value in attributes.items()}
        return eventually(
            lambda: [
                span
                for span in self.spans()
                if span.name == name and wanted.items() <= told(span).items()
            ],
            f"a span {name} with {wanted}",
        )

    def children(self, parent):
        return [span for span in self.spans() if span.parent_span_id == parent.span_id]


def told(span):
    """The attributes of a span."""
    return {
        it.key: getattr(it.value, it.value.WhichOneof("value") or "string_value")
        for it in span.attributes
    }
