/** Managed: one resource as the engine carries it from run to run, over one of the doors. */
import type { Props } from "../../../provider/core/engine/values";
import type { ProviderProcess } from "./provider-process";

export type Step = "create" | "same" | "update" | "replace";

export class Managed {
  id = "";
  outs: Props = {};
  private inputs: Props = {};

  constructor(
    private readonly provider: ProviderProcess,
    readonly kind: string,
  ) {}

  /** One `up` with these inputs. @returns what the engine would have shown */
  async up(given: Props): Promise<Step> {
    if (this.id === "") {
      await this.create(await this.provider.checked(this.kind, given));
      return "create";
    }
    const news = await this.provider.checked(this.kind, given, this.inputs);
    const { changes, replaces, deleteBeforeReplace } = await this.provider.diff(
      this.kind,
      this.id,
      this.outs,
      news,
      this.inputs,
    );
    if (!changes) {
      this.inputs = news;
      return "same";
    }
    if (replaces.length === 0) {
      this.outs = await this.provider.update(this.kind, this.id, this.outs, news);
      this.inputs = news;
      return "update";
    }
    const old = { id: this.id, outs: this.outs };
    // The engine checks a replacement once more without old inputs.
    const fresh = await this.provider.checked(this.kind, given);
    if (deleteBeforeReplace) await this.provider.delete(this.kind, old.id, old.outs);
    await this.create(fresh);
    if (!deleteBeforeReplace) await this.provider.delete(this.kind, old.id, old.outs);
    return "replace";
  }

  private async create(inputs: Props): Promise<void> {
    const { id, outs } = await this.provider.create(this.kind, inputs);
    Object.assign(this, { id, outs, inputs });
  }

  /** One `pulumi import`. @param id as a person writes it */
  async import(id: string): Promise<void> {
    Object.assign(this, await this.provider.read(this.kind, id, undefined));
  }

  /** One `refresh`. @returns whether the object is still there */
  async refresh(): Promise<boolean> {
    const { id, outs, inputs } = await this.provider.read(this.kind, this.id, this.outs, this.inputs);
    if (id !== "") Object.assign(this, { outs, inputs });
    return id !== "";
  }

  async destroy(): Promise<void> {
    await this.provider.delete(this.kind, this.id, this.outs);
  }
}
