# SPDX-License-Identifier: Apache-2.0
"""The protocol once more, in plain Python, written from the public specifications and doc/ alone.
It shares no line with lib/, is slow, and protects no secret: it is for checking vectors."""
