/** A row that cannot be what Chiaro wrote. */
export class RowDamaged extends Error {}
