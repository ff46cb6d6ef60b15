// The program of one machine, on a cluster: a provider for each member, and a container on each.
import * as pulumi from "@pulumi/pulumi";
import * as bothy from "bothy/native";

const config = new pulumi.Config();
const endpoint = config.require("endpoint");
const token = config.getSecret("token");
const image = config.get("image") ?? "bb";
const members = config.getObject<string[]>("members") ?? ["n1", "n2"];

const cluster = new bothy.Provider("cluster", { endpoint, token });

// What the whole cluster shares is made by the provider that names no member.
const small = new bothy.Profile("small", { config: { "limits.memory": "64MiB" } }, { provider: cluster });

export const placed = Object.fromEntries(
  members.map((member) => {
    // The token is used up by then, but still says which certificate the cluster has.
    const target = new bothy.Provider(member, { endpoint, token, target: member }, { dependsOn: [small] });
    const web = new bothy.Container(
      `web-${member}`,
      { image, profiles: ["default", small], wait: { for: "nothing" } },
      { provider: target },
    );
    return [member, web.name];
  }),
);
