/** What a record says of packages, by scope and name. One key for both would have to be made, and kept by the engine, for each. */
export class ByPackage<Value> {
  readonly #scopes = new Map<string, Map<string, Value>>()

  /** What is said of a package; `make` makes it when it is asked for first. */
  of(scope: string, name: string, make: () => Value): Value {
    let names = this.#scopes.get(scope)
    if (names === undefined) {
      names = new Map()
      this.#scopes.set(scope, names)
    }
    let value = names.get(name)
    if (value === undefined) {
      value = make()
      names.set(name, value)
    }
    return value
  }

  values(): readonly Value[] {
    return [...this.#scopes.values()].flatMap((names) => [...names.values()])
  }
}
