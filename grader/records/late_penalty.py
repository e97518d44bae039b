"""What course.toml says of lateness, as a plugin of nbgrader's: so `nbgrader autograde` takes the same points."""

from __future__ import annotations

import math

from nbgrader.plugins import LateSubmissionPlugin
from traitlets import Float

DAY, MINUTE = 86_400, 60


class LatePenalty(LateSubmissionPlugin):
    """penalty = score * min(at_most, per_day * days begun after the due date and the grace)."""

    per_day = Float(0.0, help="Share of the score for each day that has begun; 0: nbgrader's own method decides.").tag(
        config=True
    )
    at_most = Float(1.0, help="Share of the score that lateness may take.").tag(config=True)
    grace_minutes = Float(0.0, help="Minutes after the due date that still are in time.").tag(config=True)

    def late_submission_penalty(self, student_id: str, score: float, total_seconds_late: float) -> float | None:
        """Return the points that lateness takes; None for none."""
        seconds = total_seconds_late - MINUTE * self.grace_minutes
        if seconds <= 0:
            return None
        if not self.per_day:
            return super().late_submission_penalty(student_id, score, total_seconds_late)
        return score * min(self.at_most, self.per_day * math.ceil(seconds / DAY))
