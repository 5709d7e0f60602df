// A real issuer of OpenID Connect on a free port, with whom everybody may sign in by their name alone. Says its address
// in a line, and takes in another where people are sent back to.

import { createServer } from "node:http";
import { createInterface } from "node:readline";

import Provider from "oidc-provider";

const PEOPLE = {
  ada: { name: "Ada Lovelace", email: "ada@example.org", email_verified: true, groups: ["staff", "ops"] },
  eve: { name: "Eve", email: "eve@example.org", email_verified: false },
};

const server = createServer();
server.listen(0, "127.0.0.1", () => {
  const address = `http://127.0.0.1:${server.address().port}`;
  createInterface({ input: process.stdin }).once("line", (redirect) => {
    const provider = new Provider(address, {
      clients: [{ client_id: "gateway", client_secret: process.env.CLIENT_SECRET, redirect_uris: [redirect] }],
      claims: { openid: ["sub"], profile: ["name", "groups"], email: ["email", "email_verified"] },
      findAccount: (_, id) => ({ accountId: id, claims: async () => ({ sub: id, ...PEOPLE[id] }) }),
      cookies: { keys: ["of this process alone"] },
      pkce: { required: () => true },
    });
    server.on("request", provider.callback());
    console.log("ready");
  });
  console.log(address);
});
