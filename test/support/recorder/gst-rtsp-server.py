"""A foreign RTSP server for tests: GStreamer's, with Digest login, live and ONVIF replay. Prints its port, then serves until its input closes."""

import sys
import threading

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import GLib, Gst, GstRtspServer  # noqa: E402

Gst.init(None)
user, password = sys.argv[1], sys.argv[2]

server = GstRtspServer.RTSPOnvifServer()
server.set_address("127.0.0.1")
server.set_service("0")

auth = GstRtspServer.RTSPAuth()
auth.set_supported_methods(2)  # GST_RTSP_AUTH_DIGEST
token = GstRtspServer.RTSPToken()
token.set_string("media.factory.role", "viewer")
auth.add_digest(user, password, token)
server.set_auth(auth)

permissions = GstRtspServer.RTSPPermissions()
permissions.add_permission_for_role("viewer", "media.factory.access", True)
permissions.add_permission_for_role("viewer", "media.factory.construct", True)
for path, launch in (
    ("/live", "( videotestsrc is-live=true ! video/x-raw,width=320,height=240,framerate=25/1 ! x264enc tune=zerolatency key-int-max=25 ! rtph264pay name=pay0 pt=96 )"),
    ("/sound", "( audiotestsrc is-live=true ! alawenc ! rtppcmapay name=pay0 pt=8 )"),
):
    factory = GstRtspServer.RTSPMediaFactory()
    factory.set_launch(launch)
    factory.set_permissions(permissions)
    server.get_mount_points().add_factory(path, factory)

# A recording of all time: the test picture can be played from any instant, stamped with its UTC by ONVIF's extension.
replay = GstRtspServer.RTSPOnvifMediaFactory()
replay.set_replay_support(True)
replay.set_media_gtype(GstRtspServer.RTSPOnvifMedia.__gtype__)
replay.set_launch(
    "( videotestsrc ! video/x-raw,width=160,height=120,framerate=10/1 ! x264enc key-int-max=1 tune=zerolatency"
    " ! rtph264pay ! rtponviftimestamp name=pay0 ntp-offset=0 )"
)
replay.set_permissions(permissions)
server.get_mount_points().add_factory("/replay", replay)

server.attach(None)
loop = GLib.MainLoop()
print(server.get_bound_port(), flush=True)


def wait_for_parent():
    sys.stdin.read()
    loop.quit()


threading.Thread(target=wait_for_parent, daemon=True).start()
loop.run()
