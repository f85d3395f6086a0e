-- A line of the audit trail also says who acted and where from. The address can be
-- forgotten: the line then keeps its network, and a mark of the address that says
-- nothing without the salt. A step in Go marks the addresses of old lines, see inGo.
ALTER TABLE events ADD COLUMN actor TEXT NOT NULL DEFAULT '';   -- the session that acted, 'operator', or '' for nobody's request
ALTER TABLE events ADD COLUMN ip TEXT NOT NULL DEFAULT '';
ALTER TABLE events ADD COLUMN ip_salt TEXT NOT NULL DEFAULT '';
ALTER TABLE events ADD COLUMN ip_mark TEXT NOT NULL DEFAULT ''; -- hash of salt and address
ALTER TABLE events ADD COLUMN network TEXT NOT NULL DEFAULT '';
ALTER TABLE events ADD COLUMN device TEXT NOT NULL DEFAULT '';
ALTER TABLE events ADD COLUMN times INTEGER NOT NULL DEFAULT 1; -- refusals of one minute that were counted in this line
UPDATE events SET ip = detail, detail = '' WHERE kind = 'session_started';
