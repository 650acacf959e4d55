// An OpenID provider for tests: oidc-provider (npm) with a page to log in at, accounts of any name, and short-lived access tokens.
//
// node provider.mjs LIBRARY SECONDS: LIBRARY is oidc-provider's index.js, SECONDS how long an access token lives.
// It listens on a port of loopback that the system gives. What it is told comes in on standard input, what it saw goes out on
// standard output, a JSON object a line; it ends with its standard input, so it never outlives whoever started it.
import http from 'node:http'
import readline from 'node:readline'
import { pathToFileURL } from 'node:url'

const [library, seconds] = process.argv.slice(2)
const { Provider } = await import(pathToFileURL(library).href)
const tell = (event) => process.stdout.write(`${JSON.stringify(event)}\n`)

const grants = new Map()
const sessions = new Map()
let answer = (_, response) => response.writeHead(503).end()
const server = http.createServer((request, response) => answer(request, response))

function provider(redirect) {
  const made = new Provider(`http://127.0.0.1:${server.address().port}`, {
    clients: [{
      client_id: 'hub',
      client_secret: 'a-secret-of-this-test-only-0123456789',
      redirect_uris: [redirect],
      grant_types: ['authorization_code', 'refresh_token'],
      token_endpoint_auth_method: 'client_secret_post',
    }],
    // The default forgives 15 s, which is longer than a token lives here.
    clockTolerance: 0,
    cookies: { keys: ['a-key-of-this-test-only'] },
    features: { devInteractions: { enabled: false } },
    findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id }) }),
    interactions: { url: (_, interaction) => `/login/${interaction.uid}` },
    issueRefreshToken: () => true,
    // Nobody is asked whether the hub may know the name: the grant is made at the login.
    loadExistingGrant: async (ctx) => {
      const { session, client } = ctx.oidc
      const grant = new ctx.oidc.provider.Grant({ accountId: session.accountId, clientId: client.clientId })
      grant.addOIDCScope('openid')
      const id = await grant.save()
      grants.set(session.accountId, [...(grants.get(session.accountId) ?? []), id])
      return grant
    },
    ttl: { AccessToken: Number(seconds), Grant: 3600, IdToken: 3600, Interaction: 600, RefreshToken: 3600, Session: 3600 },
  })
  const asked = (ctx) => ({ grant: ctx.oidc.params?.grant_type, account: ctx.oidc.account?.accountId ?? null })
  made.on('grant.success', (ctx) => tell({ saw: 'granted', ...asked(ctx) }))
  made.on('grant.error', (ctx, error) => tell({ saw: 'refused', ...asked(ctx), error: error.message }))
  made.on('server_error', (_, error) => tell({ saw: 'error', error: String(error.stack) }))
  made.on('session.saved', (session) => session.accountId && sessions.set(session.accountId, session))
  return made
}

const page = (uid) => `<!doctype html><title>The institute's login</title><h1>The institute's login</h1>
<form method="post" action="/login/${uid}"><input name="name" autofocus><input type="submit" value="Log in"></form>`

async function login(made, request, response) {
  const { uid } = await made.interactionDetails(request, response)
  if (request.method !== 'POST') {
    response.writeHead(200, { 'content-type': 'text/html' }).end(page(uid))
    return
  }
  let body = ''
  for await (const chunk of request) body += chunk
  const accountId = new URLSearchParams(body).get('name')
  await made.interactionFinished(request, response, { login: { accountId } }, { mergeWithLastSubmission: false })
}

/// Takes all back that an account was given: its sessions and what came of them.
async function revoke(made, account) {
  for (const id of grants.get(account) ?? []) {
    await made.AccessToken.revokeByGrantId(id)
    await made.RefreshToken.revokeByGrantId(id)
  }
  grants.delete(account)
  await sessions.get(account)?.destroy()
  tell({ saw: 'revoked', account })
}

let made
readline.createInterface({ input: process.stdin })
  .on('line', (line) => {
    const order = JSON.parse(line)
    if (order.revoke) {
      revoke(made, order.revoke)
      return
    }
    made = provider(order.redirect)
    const rest = made.callback()
    answer = (request, response) => {
      if (!request.url.startsWith('/login/')) return rest(request, response)
      return login(made, request, response).catch((error) => response.writeHead(400).end(String(error)))
    }
    tell({ saw: 'redirect' })
  })
  .on('close', () => process.exit())
server.listen(0, '127.0.0.1', () => tell({ saw: 'listening', port: server.address().port }))
