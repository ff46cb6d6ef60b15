/** Progress of a build. @param percent 0 to 100 */
export type Progress = (percent: number, text: string) => void;
