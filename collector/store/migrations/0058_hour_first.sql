-- The rollups of an hour are read by their hour, whatever the planner knows: on tables of which nobody has counted the rows yet (a restored database, or the
-- hours after the first) it went from each series to all of its rollups, which are those of 13 months. Each rollup has its series; the outer join, and the
-- coalesce that keeps it one, only forbid that way. A fence would do the same and keep Citus from summing on its nodes.
CREATE OR REPLACE FUNCTION rollup_area(hours timestamptz[]) RETURNS void LANGUAGE plpgsql SET plan_cache_mode = force_generic_plan AS $$
BEGIN
  DELETE FROM rollup_area_1h WHERE hour = ANY (hours);
  INSERT INTO rollup_area_1h
  SELECT s.metric, r.hour, p.district_code,
         CASE WHEN s.metric IN ('portal_up', 'portal_ttfb_ms') THEN coalesce(s.labels->>'portal', s.target)
              WHEN s.metric IN ('loss_percent', 'rtt_avg_ms') THEN CASE WHEN s.labels->>'hop' = 'gateway' THEN 'gateway' ELSE 'beyond' END
              WHEN s.metric = 'wifi_clients' THEN CASE WHEN s.labels ?| ARRAY['ap', 'ssid'] THEN 'part' ELSE 'total' END
              ELSE '' END AS kind,
         count(*), count(*) FILTER (WHERE r.vmax = 0), sum(r.n), sum(r.vsum), sum(r.vmax), min(r.vmin), max(r.vmax)
  FROM rollup_1h AS r LEFT JOIN series AS s USING (site_id, series_id) JOIN view_place AS p USING (site_id)
  WHERE r.hour = ANY (hours)
    AND coalesce(s.metric, '') IN ('portal_up', 'portal_ttfb_ms', 'loss_percent', 'rtt_avg_ms', 'download_mbps', 'upload_mbps', 'camera_up', 'recording_depth_days',
                                   'wifi_clients', 'wifi_utilisation_percent', 'host_cpu_percent')
  GROUP BY 1, 2, 3, 4;
END $$;
