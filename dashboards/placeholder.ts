/** A name that Grafana fills in later: `placeholder("datasource")` is "$" and the name in braces. */
export function placeholder(name: string): string {
  return `\${${name}}`;
}
