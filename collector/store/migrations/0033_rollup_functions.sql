-- Citus plans no statement of an SQL function with arguments that reads what is cut by centre, and names PL/pgSQL instead. What the functions do stays.
CREATE OR REPLACE FUNCTION count_pages(site_ids integer[], since timestamptz) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  UPDATE page_count_day AS d SET pages = step.pages
  FROM (SELECT site_id, series_id, time, greatest(highest - lag(highest) OVER (PARTITION BY site_id, series_id ORDER BY time), 0) AS pages
        FROM page_count_day WHERE site_id = ANY (site_ids)) AS step
  WHERE d.site_id = step.site_id AND d.series_id = step.series_id AND d.time = step.time AND d.time >= since AND d.pages <> step.pages;
END $$;

CREATE OR REPLACE FUNCTION rollup_days(site_ids integer[], hours timestamptz[]) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  DELETE FROM presence_role_day AS d USING unnest(site_ids, hours) AS u(site_id, hour) WHERE d.site_id = u.site_id AND d.time = day_start(u.hour);
  INSERT INTO presence_role_day
  SELECT u.time, p.site_id, p.role, count(*)
  FROM (SELECT DISTINCT site_id, day_start(hour) AS time FROM unnest(site_ids, hours) AS u(site_id, hour)) AS u
  JOIN presence_day AS p ON p.site_id = u.site_id AND p.day = (u.time AT TIME ZONE 'Asia/Ho_Chi_Minh')::date
  GROUP BY 1, 2, 3;

  INSERT INTO page_count_day AS d (site_id, series_id, time, highest)
  SELECT r.site_id, r.series_id, u.time, max(r.vmax)
  FROM (SELECT DISTINCT site_id, day_start(hour) AS time FROM unnest(site_ids, hours) AS u(site_id, hour)) AS u
  JOIN series AS s ON s.site_id = u.site_id AND s.metric = 'printer_pages'
  JOIN rollup_1h AS r ON r.site_id = s.site_id AND r.series_id = s.series_id AND r.hour >= u.time AND r.hour < u.time + interval '24 hours'
  GROUP BY 1, 2, 3
  ON CONFLICT (site_id, series_id, time) DO UPDATE SET highest = excluded.highest;
  PERFORM count_pages(site_ids, day_start((SELECT min(hour) FROM unnest(hours) AS u(hour))));
END $$;

-- Planned for hours in general: what is planned for the one hour that comes takes a tenth longer.
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
  FROM rollup_1h AS r JOIN series AS s USING (site_id, series_id) JOIN view_place AS p USING (site_id)
  WHERE r.hour = ANY (hours)
    AND s.metric IN ('portal_up', 'portal_ttfb_ms', 'loss_percent', 'rtt_avg_ms', 'download_mbps', 'upload_mbps', 'camera_up', 'recording_depth_days',
                     'wifi_clients', 'wifi_utilisation_percent', 'host_cpu_percent')
  GROUP BY 1, 2, 3, 4;
END $$;
