// The peer's runtime: no editor, no dashboard, a pool of PostgreSQL connections handed to functions.
// A folder of its own is the user directory; `pg` is installed beside Node-RED.
const { Pool } = require("pg");

module.exports = {
  flowFile: "flow.json",
  httpAdminRoot: false,
  httpNodeRoot: false,
  uiHost: "127.0.0.1",
  uiPort: Number(process.env.PEER_PORT),
  functionExternalModules: false,
  functionGlobalContext: { pool: new Pool({ connectionString: process.env.PEER_DATABASE_URL, max: 10 }) },
  credentialSecret: false,
  telemetry: { enabled: false, updateNotification: false },
  logging: { console: { level: "info", metrics: false, audit: false } },
  contextStorage: { default: { module: "memory" } },
};
