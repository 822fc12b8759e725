"""The COSS-compatible HTTP service (interface V2.0.8). Needs the extra `server`; see docs/coss.md."""
