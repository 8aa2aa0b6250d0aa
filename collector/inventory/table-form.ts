import { z } from "zod";
import { type TextKey, text } from "#schemas/text/text.ts";
import type { Lang } from "#schemas/words.ts";
import { foldMarks } from "../web/format.ts";

/** A column of a table that people keep in a spreadsheet. */
export type ColumnForm = {
  readonly head: TextKey;
  /** In characters. */
  readonly width: number;
  /** Without it a row says nothing. */
  readonly must?: true;
  /** Most characters of a text. */
  readonly max?: number;
  /** A quantity. Everything else is text, of which a spreadsheet must have made neither a number nor a date. */
  readonly isQuantity?: true;
  /** Zeros at its beginning are a part of it. */
  readonly hasZeros?: true;
};

/** A table by its columns, in the order in which we write them. */
export type TableForm<Column extends string> = {
  /** Name of the sheet. */
  readonly sheet: TextKey;
  /** What is said of a file without a row. */
  readonly none: TextKey;
  readonly columns: Readonly<Record<Column, ColumnForm>>;
};

/** The columns of a form, in their order. */
export function columnsOf<Column extends string>({ columns }: TableForm<Column>): readonly Column[] {
  return Object.keys(columns) as Column[];
}

/** The head of a column. */
export function headOf<Column extends string>({ columns }: TableForm<Column>, column: Column, lang: Lang): string {
  return text(lang, columns[column].head);
}

/** The column that a head names: its words in either language or a part of them before or after a stroke, with or without marks, or its short name. */
export function columnOf<Column extends string>(form: TableForm<Column>, head: string): Column | undefined {
  return columnsOf(form).find((column) => {
    const heads = langs.map((lang) => headOf(form, column, lang));
    return sameWords(head, [column, ...heads, ...heads.flatMap((words) => words.split("/"))]);
  });
}

/** Most characters that the contract takes of a text. */
export function longest(type: z.ZodString | z.ZodOptional<z.ZodString>): number {
  return (type instanceof z.ZodOptional ? type.unwrap() : type).maxLength ?? Number.POSITIVE_INFINITY;
}

/** A code as people type it, with its spaces and marks, as codes are written. */
export function asCode(said: string): string {
  return foldMarks(said).replace(/[\s_.]+/g, "-");
}

export const langs: readonly Lang[] = ["vi", "en"];

/** Whether what somebody wrote is one of some known words, whatever its marks, case and spaces. */
export function sameWords(said: string, known: readonly string[]): boolean {
  const plain = (words: string) => foldMarks(words).replace(/[\s*.:_/-]+/g, "");
  return known.some((words) => plain(words) === plain(said));
}
