/**
 * The views of schema `grafana` and their columns: the public contract that dashboards may read (docs/grafana-views.md).
 * Views whose name ends in `_now` hold the present; all others have a `time`. A test compares this list with the database.
 */
export const views = {
  agent_now: "agent centre name district district_code version last_seen silent_minutes state severity clock clock_skew_ms gaps lost point",
  asset_now:
    "centre name district district_code requirement title_vi title_en state severity observed required declared matched missing replaced duplicate extra declared_only unused",
  camera_now: "centre name district district_code cameras cameras_up streams streams_up clock_skew_s state severity time",
  centre: "centre name district district_code latitude longitude key_area officers contract_mbps isp simulated contract_number",
  centre_hour: "time centre name district district_code metric n avg min max p95",
  centre_now:
    "centre name district district_code latitude longitude key_area state severity total pass fail pending unknown error not_applicable waived coverage_percent score_percent last_contact silent_minutes open_incidents point",
  change_now: "time centre name district district_code requirement title_vi title_en impact from_state to_state severity reason",
  collector_hour: "time observations measured failed skipped late",
  collector_now:
    "database_bytes agents_live agents_silent centres evaluated_at oldest_sample newest_sample partitions_ahead outbox_waiting outbox_failed simulated",
  device_day: "time centre name district district_code role devices",
  device_now: "centre name district district_code device role vendor model state severity time",
  district_hour: "time district district_code metric kind series zeros n sum max_sum min max",
  failure_day: "time centre name district district_code probe kind reason runs",
  finding_day: "time centre name district district_code requirement title_vi title_en state severity",
  finding_now:
    "centre name district district_code requirement title_vi title_en impact owner state severity reason observed required unit evidence_class since observed_at evaluated_at valid_until waived waiver_until policy point",
  finding_part_now: "centre name district district_code requirement title_vi title_en subject state severity reason observed point",
  finding_span: "time time_end centre name district district_code requirement title_vi title_en state severity reason",
  incident: "incident time time_end centre name district district_code requirement title_vi title_en kind owner impact open minutes point",
  line_now:
    "centre name district district_code isp contract_mbps download_mbps upload_mbps download_week_mbps required_mbps loss_percent rtt_ms jitter_ms state severity reason time contract_number point",
  notification: "time channel kind state attempts centre requirement error",
  page_day: "time centre name district district_code device pages",
  portal_hour: "time portal centres centres_down up_percent ttfb_avg_ms ttfb_max_ms",
  portal_now: "centre name district district_code portal up status ttfb_ms certificate_days line_up loss_percent verdict time segment point",
  reading:
    "time centre name district district_code metric device role portal hop server ap ssid radio channel camera supply disk direction method value day point",
  reading_1h:
    "time centre name district district_code metric device role portal hop server ap ssid radio channel camera supply disk direction method n avg min max point",
  reading_1d:
    "time centre name district district_code metric device role portal hop server ap ssid radio channel camera supply disk direction method n avg min max p95 point",
  reading_now:
    "time centre name district district_code metric device role portal hop server ap ssid radio channel camera supply disk direction method value age_minutes point",
  recording_now: "centre name district district_code channel depth_days coverage_percent gap_minutes recording time",
  requirement_now: "requirement title_vi title_en impact owner total pass fail pending unknown error not_applicable waived coverage_percent score_percent",
  requirement_district_now: "requirement title_vi title_en impact owner district district_code total pass fail pending unknown error not_applicable waived",
  state_day: "time district district_code state severity findings",
  supply_now: "centre name district district_code device supply supply_percent used_per_day_percent days_left time",
  transition: "time centre name district district_code requirement title_vi title_en impact from_state to_state severity reason",
  wifi_now:
    "centre name district district_code clients peak_week_clients limit_clients required_clients utilisation_percent dhcp_free access_points access_points_up state severity reason time point",
} as const;
export type ViewName = keyof typeof views;

/** Name of one column of a view. */
export type ColumnOf<View extends ViewName> = WordsOf<(typeof views)[View]>;
type WordsOf<Text extends string> = Text extends `${infer Head} ${infer Tail}` ? Head | WordsOf<Tail> : Text;
