/**
 * Products process: reads lists of products in a process of its own, confined and with bounded memory. Its argument is a job as JSON; it prints one result as
 * JSON.
 */
import { readFile } from "node:fs/promises";
import { ApiError } from "../../../../../sdk/api/errors";
import { type Chosen, Products, type Wanted } from "./products";

export interface ProductsJob {
  /** What was read of each list, and its address for messages. */
  readonly lists: readonly { readonly file: string; readonly place: string }[];
  readonly wanted: Wanted;
}

export type ProductsResult = { readonly chosen?: Chosen | undefined } | { readonly refused: string };

async function choose({ lists, wanted }: ProductsJob): Promise<ProductsResult> {
  const products = new Products(wanted);
  for (const { file, place } of lists) products.add(await readFile(file, "utf8"), place);
  return { chosen: products.chosen() };
}

async function main(): Promise<void> {
  let result: ProductsResult;
  try {
    result = await choose(JSON.parse(process.argv[2] ?? "") as ProductsJob);
  } catch (error) {
    if (!ApiError.is(error)) throw error;
    result = { refused: error.message };
  }
  process.stdout.write(JSON.stringify(result));
}

void main();
