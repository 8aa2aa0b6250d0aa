/** Third argument of `app.request`: the connection comes from the collector's own machine. */
export const atThisMachine = { incoming: { socket: { remoteAddress: "127.0.0.1" } } };
