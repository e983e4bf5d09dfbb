/** Whether the database at `location` is named by an address (`postgres://…`) rather than a file. */
export function isAddress(location: string): boolean {
  return /^[a-z][a-z0-9+.-]+:\/\//i.test(location)
}

/** The location of a database as people may see it: without the password that an address can have. */
export function printableLocation(location: string): string {
  if (!isAddress(location)) return location
  // Whatever stands before the last "@" can be part of a password that was not encoded.
  return location
    .replace(/^([^:]+:\/\/)(?:([^:@/?#]*):[^?#]*@|([^@/?#]*)@)/, (_, scheme: string, user?: string, only?: string) => {
      return `${scheme}${user ?? only}@`
    })
    .replace(/([?&](?:password|sslpassword)=)[^&#]*/gi, '$1…')
}
