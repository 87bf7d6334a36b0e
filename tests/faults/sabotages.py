"""The sabotages: each takes one defence out of Vaka by a small honest patch, and names the scenario that must see it.

`finding` is how the scenario's failure must begin: a fact that is lost, doubled, forged, or kept without a right to it.
A text that no longer stands exactly once in its file is an error: the table follows the code. Where two defences stand
behind one another, both are taken out, and `about` says so.
"""

from typing import NamedTuple


class Edit(NamedTuple):
    """`text`, which stands once in `file`, becomes `by`."""

    file: str
    text: str
    by: str


class Sabotage(NamedTuple):
    """One row; `scenario` is a test's id from the repository's root."""

    name: str
    edits: tuple[Edit, ...]
    scenario: str
    finding: str
    about: str = ""


_JOURNAL = "tests/scenarios/test_journal.py::"
_LINE = "tests/scenarios/test_line.py::"
_ALARM = "tests/scenarios/test_alarm_lane.py::"
_BULK = "tests/scenarios/test_bulk_lane.py::"
_DESK = "tests/scenarios/test_desk.py::"
_OPENING = "tests/scenarios/test_opening.py::"
_QUIET = "tests/scenarios/test_visit_quiet.py::"

_TRIM = """\
    async def _trim(self, frame: bytes) -> None:
        from homecare.wire import unpack

        header = unpack(frame).header
        if header.stream is not None:
            rows = (header.epoch, list(Stream).index(header.stream) + 1, header.first, header.first + header.count - 1)
            delete = "DELETE FROM fact WHERE epoch = ? AND stream = ? AND seq BETWEEN ? AND ?"
            await self._recorder.call(self._journal._execute, delete, rows)

"""
_SAME_EPOCH = """\
            if predecessor is not None:
                self.epoch = Epoch(predecessor)
                ((self._position,),) = self._execute("SELECT position FROM epoch WHERE epoch = ?", (predecessor,))
                self._alarm_head, _ = self._cursor(self.epoch, Stream.ALARM)
                return
"""

SABOTAGES: tuple[Sabotage, ...] = (
    Sabotage(
        "synchronous=NORMAL",
        (Edit("edge/journal.py", "PRAGMA synchronous = FULL", "PRAGMA synchronous = NORMAL"),),
        f"{_JOURNAL}test_a_power_cut_takes_nothing_that_was_accepted",
        "lost",
    ),
    Sabotage(
        "next seq from max()",
        (
            Edit(
                "edge/journal.py",
                "heads = {stream: self._cursor(self.epoch, stream)[0] for stream in holdings.STREAMS}\n"
                "            stored",
                "heads = {\n"
                "                stream: next(self._execute(\n"
                '                    "SELECT coalesce(max(seq), 0) FROM fact WHERE epoch = ? AND stream = ?",\n'
                "                    (self.epoch, STREAM_CODE[stream]),\n"
                "                ))[0]\n"
                "                for stream in holdings.STREAMS\n"
                "            }\n"
                "            stored",
            ),
        ),
        f"{_JOURNAL}test_a_quiet_stream_goes_on_after_its_rows_were_let_go",
        "lost",
    ),
    Sabotage(
        "old receipt accepted",
        (
            Edit(
                "edge/uplink.py",
                "if beat < lane.beat or (beat == lane.beat and durable < lane.durable):",
                "if beat == lane.beat and durable < lane.durable:",
            ),
        ),
        f"{_JOURNAL}test_an_old_receipt_lets_nothing_go",
        "lost",
    ),
    Sabotage(
        "receipt of another run accepted",
        (
            Edit(
                "edge/uplink.py",
                "if header.run != self._run or header.beat > self._beat:",
                "if header.beat > self._beat + 1:",
            ),
        ),
        f"{_JOURNAL}test_a_receipt_from_another_run_is_no_receipt",
        "lost",
    ),
    Sabotage(
        "fresh lower receipt does not rewind",
        (
            Edit(
                "edge/uplink.py",
                "        rewind = durable < lane.durable\n",
                "        rewind = False\n        if durable < lane.durable:\n            return None\n",
            ),
        ),
        f"{_ALARM}test_what_a_restored_backup_forgot_comes_again",
        "lost",
    ),
    Sabotage(
        "same epoch after restart",
        (
            Edit(
                "edge/journal.py",
                "            predecessor = next((epoch for (epoch,) in last), None)\n",
                f"            predecessor = next((epoch for (epoch,) in last), None)\n{_SAME_EPOCH}",
            ),
        ),
        f"{_ALARM}test_a_press_after_a_crash_is_another_press",
        "lost",
    ),
    Sabotage(
        "journal trimmed on PUBACK",
        (
            Edit(
                "edge/transports/mqtt.py",
                "await client.publish(name, outgoing.frame, qos=0 if outgoing.channel in _AT_MOST_ONCE else 1)",
                "await client.publish(name, outgoing.frame, qos=0 if outgoing.channel in _AT_MOST_ONCE else 1)\n"
                "                await self.trim(outgoing.frame)",
            ),
            Edit(
                "edge/agent.py",
                "        self._mqtt = mqtt\n",
                "        self._mqtt = mqtt\n        mqtt.trim = self._trim\n",
            ),
            Edit("edge/agent.py", "    def _down(self) -> None:\n", f"{_TRIM}    def _down(self) -> None:\n"),
        ),
        f"{_LINE}test_what_only_the_broker_had_comes_again",
        "lost",
    ),
    Sabotage(
        "alarm queued behind bulk",
        (Edit("edge/transports/mqtt.py", 'frozenset({"alarm", "heartbeat"})', 'frozenset({"heartbeat"})'),),
        f"{_LINE}test_an_alarm_overtakes_telemetry_on_a_slow_line",
        "lost",
    ),
    Sabotage(
        "repeated device counter not recognised after restart",
        (Edit("edge/hearing.py", "_Memory(device, self._counters.get(device))", "_Memory(device, None)"),),
        f"{_LINE}test_a_device_that_repeats_after_a_restart_counts_once",
        "doubled",
    ),
    Sabotage(
        "plain frame of an encrypting device believed",
        (Edit("edge/drivers/bthome.py", "        if secret is not None:\n", "        if secret == b'':\n"),),
        f"{_LINE}test_a_plain_frame_of_an_encrypting_button_is_no_press",
        "forged",
    ),
    Sabotage(
        "authenticator of receipts not checked",
        (Edit("edge/uplink.py", "        frame.verify(self._keys.down)\n", ""),),
        f"{_LINE}test_a_forged_receipt_is_not_believed",
        "lost",
    ),
    Sabotage(
        "authenticator not checked",
        (Edit("gateway/intake/door.py", "                frame.verify(edge.keys.up)\n", "                pass\n"),),
        f"{_ALARM}test_nobody_but_the_edge_presses",
        "forged",
    ),
    Sabotage(
        "home of an edge not checked",
        (
            Edit(
                "gateway/intake/alarm_reading.py",
                "return any(edge.stood_in(home, at) for at in instants)",
                "return bool(home and instants)",
            ),
        ),
        f"{_ALARM}test_an_edge_speaks_for_its_own_home_only",
        "forged",
    ),
    Sabotage(
        "receipt before commit",
        (
            Edit(
                "gateway/intake/alarm_intake.py",
                "        if frame.header.kind is Kind.LOST:\n            taken",
                "        self._receipt(admitted, frame.header.epoch, frame.header.first + frame.header.count - 1)\n"
                "        if frame.header.kind is Kind.LOST:\n            taken",
            ),
        ),
        f"{_ALARM}test_a_receipt_comes_after_the_commit",
        "lost",
    ),
    Sabotage(
        "duplicates not receipted again",
        (
            Edit(
                "gateway/intake/alarm_intake.py",
                "        self._receipt(admitted, frame.header.epoch, taken.durable)\n",
                "        if taken.alerts:\n            self._receipt(admitted, frame.header.epoch, taken.durable)\n",
            ),
        ),
        f"{_ALARM}test_what_comes_again_is_receipted_again",
        "lost",
    ),
    Sabotage(
        "ledger without a look at the contents",
        (
            Edit(
                "gateway/adapters/postgres/alarm_intake.py",
                "ON come.seq = known.seq AND come.digest <> known.digest",
                "ON come.seq = known.seq AND false",
            ),
        ),
        f"{_ALARM}test_another_content_under_a_known_identity_is_told",
        "lost",
    ),
    Sabotage(
        "no cursor in the transaction",
        (
            Edit(
                "gateway/adapters/postgres/bulk_write.py",
                "    if batch.cursors:\n",
                "    await cursor.connection.commit()\n    if batch.cursors:\n",
            ),
        ),
        f"{_BULK}test_facts_and_cursor_are_one",
        "doubled",
    ),
    Sabotage(
        "watermark ahead of the heads",
        (
            Edit(
                "gateway/model/watermark.py",
                "        while waiting and all((durable(edge, epoch, stream) or 0) >= head for epoch, stream, head in "
                "waiting[0].heads):\n",
                "        while waiting:\n",
            ),
        ),
        f"{_BULK}test_no_silence_is_vouched_for_that_a_fact_on_its_way_contradicts",
        "forged",
    ),
    Sabotage(
        "feed numbered before commit",
        (
            Edit(
                "gateway/adapters/postgres/migrations/0003_alerts.sql",
                "    number      bigint UNIQUE,\n",
                "    number      bigserial UNIQUE,\n",
            ),
        ),
        f"{_DESK}test_a_call_that_commits_late_is_not_skipped",
        "lost",
    ),
    Sabotage(
        "action without a look at the version",
        (
            Edit(
                "homecare/alert.py", "    if alert.version != version and not", "    if alert.version < version and not"
            ),
        ),
        f"{_DESK}test_a_press_that_nobody_read_is_not_ended",
        "lost",
    ),
    Sabotage(
        "cursor passes a gap of telemetry",
        (
            Edit(
                "gateway/intake/intake.py",
                "        elif header.first > durable + 1:\n",
                "        elif header.first < 1:\n",
            ),
        ),
        f"{_BULK}test_what_is_missing_is_waited_for",
        "lost",
    ),
    Sabotage(
        "cursor passes a gap of alarms",
        (
            Edit(
                "gateway/adapters/postgres/alarm_intake.py",
                "                durable = await _advance(cursor, seqs, durable)\n",
                "                durable = await _advance(cursor, seqs, max(durable, seqs.last))\n",
            ),
        ),
        f"{_ALARM}test_a_later_press_does_not_vouch_for_an_earlier_one",
        "lost",
    ),
    Sabotage(
        "challenge of a command not checked",
        (
            Edit(
                "edge/commands.py",
                "if header.run != self._run or command.challenge != self.challenge:",
                "if header.run != self._run:",
            ),
        ),
        f"{_OPENING}test_a_spent_challenge_moves_no_bolt",
        "forged",
    ),
    Sabotage(
        "bolt moved before the journal has the command",
        (Edit("edge/actuation.py", "                await durable.wait()\n", "                pass\n"),),
        f"{_OPENING}test_no_bolt_moves_that_the_journal_knows_nothing_of",
        "lost",
    ),
    Sabotage(
        "proof of being at the door not asked for",
        (
            Edit(
                "homecare/grant.py",
                "any(_proves(proof, request, now) for proof in proximity):",
                "request.second_person is None:",
            ),
        ),
        f"{_OPENING}test_who_is_far_from_the_door_opens_nothing",
        "forged",
    ),
    Sabotage(
        "command committed before its audit entry",
        (
            Edit(
                "gateway/adapters/postgres/access.py",
                '    deed = _deed(ask, f"door.{ask.action}", issue.command,',
                '    await cursor.execute("COMMIT")\n    deed = _deed(ask, f"door.{ask.action}", issue.command,',
            ),
        ),
        f"{_OPENING}test_no_command_stands_without_its_entry",
        "lost",
    ),
    Sabotage(
        "counter of a tag not compared",
        (Edit("gateway/adapters/postgres/tags.py", "if reading.counter <= row[4]:", "if reading.counter < 0:"),),
        f"{_OPENING}test_an_old_reading_of_a_tag_proves_nothing",
        "forged",
    ),
    Sabotage(
        "consent not asked for",
        (
            Edit(
                "gateway/intake/recording.py",
                "            if lacking and is_sensed(envelope.event):",
                "            if lacking and not first:",
            ),
        ),
        f"{_BULK}test_nothing_is_kept_that_nobody_consented_to",
        "kept",
    ),
    Sabotage(
        "who is inside taken before the batch",
        (
            Edit(
                "gateway/adapters/postgres/staff_inbox.py",
                "SELECT s.id, s.home, s.attendance, s.since, s.until, s.bound, s.seen\n"
                "FROM staff_inbox AS s JOIN home ON home.id = s.home WHERE home.shard = ANY(%s) ORDER BY s.id LIMIT %s",
                "DELETE FROM staff_inbox AS s USING home WHERE home.id = s.home AND home.shard = ANY(%s) AND %s > 0\n"
                "RETURNING s.id, s.home, s.attendance, s.since, s.until, s.bound, s.seen",
            ),
        ),
        f"{_QUIET}test_a_visit_told_while_nobody_judged_keeps_the_rules_quiet",
        "forged",
    ),
    Sabotage(
        "a visit says nothing to the rules",
        (
            Edit(
                "rules/night_exit.py",
                "without(((opened, end),), inside(view.staffing))",
                "without(((opened, end),), inside(view.staffing)[:0])",
            ),
        ),
        f"{_QUIET}test_an_open_door_is_not_told_of_while_somebody_is_inside",
        "forged",
    ),
)
