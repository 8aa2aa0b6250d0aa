-- An order to rewind holds until its sender is known to have heard it: in each lane a sender has one batch in flight, and sends the next when that is answered.
ALTER TABLE stream_state
  -- The number that the order names, from its first answer on.
  ADD COLUMN rewind_to bigint,
  -- Lane and beginning of the batch whose answer brought it first.
  ADD COLUMN rewind_lane "char",
  ADD COLUMN rewind_from bigint;
