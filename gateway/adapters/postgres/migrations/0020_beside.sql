-- Whoever is inside stays a responder of an alert when somebody else is sent to it: the queries of that person's phone
-- and door find it by this index. Only alerts to which a second one was sent stand in it.
-- depends: 0019_door_log

CREATE INDEX alert_beside ON alert USING gin ((handling -> 'beside') jsonb_path_ops) WHERE handling ? 'beside';
