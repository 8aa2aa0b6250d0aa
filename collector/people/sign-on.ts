import * as oidc from "openid-client";
import { z } from "zod";
import type { Lang } from "#schemas/words.ts";
import type { NewPerson } from "./desk.ts";
import { personOfClaims, type SignOnFile } from "./sign-on-file.ts";

const TIMEOUT_S = 10;

/** What the browser must bring back from the service. */
const Begun = z.strictObject({ state: z.string().min(20), nonce: z.string().min(20), verifier: z.string().min(40) });

export type SignOn = ReturnType<typeof createSignOn>;

/** Sign-on by OpenID Connect: the code flow with PKCE, state and nonce. The service is asked for its addresses when the first person comes. */
export function createSignOn(file: SignOnFile, publicUrl: string) {
  const home = publicUrl.replace(/\/$/, "");
  const redirectUri = `${home}/login/sign-on/back`;
  let found: Promise<oidc.Configuration> | undefined;
  const service = () => {
    found ??= discover(file).catch((error: unknown) => {
      // Tried again by the next person.
      found = undefined;
      throw error;
    });
    return found;
  };

  return {
    name: (lang: Lang) => file.name[lang],

    /** Where to send the browser, and what it must bring back in a cookie. @throws when the service does not answer */
    async begin(): Promise<{ url: string; begun: string }> {
      const begun = { state: oidc.randomState(), nonce: oidc.randomNonce(), verifier: oidc.randomPKCECodeVerifier() };
      const url = oidc.buildAuthorizationUrl(await service(), {
        redirect_uri: redirectUri,
        scope: file.scope,
        state: begun.state,
        nonce: begun.nonce,
        code_challenge: await oidc.calculatePKCECodeChallenge(begun.verifier),
        code_challenge_method: "S256",
      });
      return { url: url.href, begun: JSON.stringify(begun) };
    },

    /** Where a person signs out of the service itself; undefined for a service that has no such place. @throws when it does not answer */
    async endUrl(): Promise<string | undefined> {
      const known = await service();
      if (known.serverMetadata().end_session_endpoint === undefined) return undefined;
      return oidc.buildEndSessionUrl(known, { post_logout_redirect_uri: `${home}/login` }).href;
    },

    /**
     * Turns what the browser brought back into a person; undefined person for a stranger.
     * @throws when state, nonce, code, signature, issuer or audience is not what it must be
     */
    async finish(search: string, begunText: string): Promise<{ subject: string; person: NewPerson | undefined }> {
      const { state, nonce, verifier } = Begun.parse(JSON.parse(begunText));
      const checks = { expectedState: state, expectedNonce: nonce, pkceCodeVerifier: verifier, idTokenExpected: true };
      const tokens = await oidc.authorizationCodeGrant(await service(), new URL(redirectUri + search), checks);
      const claims = tokens.claims();
      if (!claims) throw new Error("the sign-on service sent no ID token");
      return { subject: `${claims.iss} ${claims.sub}`, person: personOfClaims(file, claims) };
    },
  };
}

function discover({ issuer, clientId, clientSecret }: SignOnFile): Promise<oidc.Configuration> {
  const url = new URL(issuer);
  // The file's own check allows this on the machine itself alone.
  const options = url.protocol === "http:" ? { execute: [oidc.allowInsecureRequests], timeout: TIMEOUT_S } : { timeout: TIMEOUT_S };
  return oidc.discovery(url, clientId, clientSecret, undefined, options);
}
