"""Where each kind of message goes, and what version of all this is spoken."""

from __future__ import annotations

from suanli.protocol import (
    Acceptance,
    Announcement,
    Claim,
    Envelope,
    Hosting,
    Progress,
    Rejection,
    Request,
)

PROTOCOL = 4
"""Version of what relays and their clients say to each other."""

PATHS: dict[type, str] = {
    Announcement: "/v1/announcements",
    Request: "/v1/requests",
    Claim: "/v1/claims",
    Rejection: "/v1/rejections",
    Progress: "/v1/progress",
    Envelope: "/v1/envelopes",
    Acceptance: "/v1/acceptances",
    Hosting: "/v1/hostings",
}
"""To which a message is posted, signed."""
ON_REQUEST: dict[type, str] = {
    Claim: "claims",
    Rejection: "rejections",
    Progress: "progress",
    Envelope: "envelopes",
}
"""What is said on a request, listed below `/v1/requests/{id}/`."""
SESSIONS = "/v1/sessions"
"""Below it sessions are forwarded, by WebSockets."""
