-- From where a session was begun: people see their own and end what they do not know. Sessions of before do not know it.
ALTER TABLE session ADD COLUMN address text NOT NULL DEFAULT '';
