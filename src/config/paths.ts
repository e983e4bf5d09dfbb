import { homedir } from 'node:os'
import { posix, win32 } from 'node:path'

/**
 * The database that is used when none is named: `chiaro/chiaro.db` in the place for a user's data, which is `XDG_DATA_HOME`
 * or `~/.local/share` (XDG Base Directory Specification), `~/Library/Application Support` on macOS, `%LOCALAPPDATA%` on
 * Windows.
 */
export function defaultDatabase(
  env: Readonly<Record<string, string | undefined>> = process.env,
  platform: NodeJS.Platform = process.platform,
  home: string = homedir(),
): string {
  const { join, isAbsolute } = platform === 'win32' ? win32 : posix
  // The specification wants a relative XDG_DATA_HOME to be ignored.
  const own = (value: string | undefined) => (value !== undefined && isAbsolute(value) ? value : undefined)
  if (platform === 'win32') return join(own(env.LOCALAPPDATA) ?? join(home, 'AppData', 'Local'), 'chiaro', 'chiaro.db')
  const fallback = platform === 'darwin' ? join(home, 'Library', 'Application Support') : join(home, '.local', 'share')
  return join(own(env.XDG_DATA_HOME) ?? fallback, 'chiaro', 'chiaro.db')
}
