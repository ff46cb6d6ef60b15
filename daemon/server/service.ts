/** Server: what GET /1.0 tells and the server's own configuration. */
export interface ServerService {
  config(): Record<string, string>;
}
