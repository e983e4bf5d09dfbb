/** A source package: what binary packages are built from, and what most distributions' advisories name. */
export interface SourcePackage {
  readonly name: string
  /** The source's own version, which can differ from the binary package's (Debian policy 5.6.1). */
  readonly version: string
}

/** A package as its database states it, before anything is known of the image around it. */
export interface Package {
  /** The purl type: `deb`, `apk`, `rpm` …; `oci` for the container that an image is, by its labels. */
  readonly type: string
  readonly name: string
  /** The full version as the packaging system compares it, with epoch and release where there are some. */
  readonly version: string
  /** The architecture in the packaging system's own words: `amd64`, `x86_64`, `all`, `noarch`. Empty if not stated. */
  readonly arch: string
  readonly source: SourcePackage
  /** The module stream a package belongs to, `name:stream` (RPM modularity). */
  readonly module?: string
  /** Who made it, if its database says so. rpm names everybody (`Red Hat, Inc.`), dpkg only others than Debian and Ubuntu. */
  readonly vendor?: string
}

/** What a release file says of the distribution (os-release(5), and older files of the same purpose). */
export interface Release {
  /** `ID`: `debian`, `alpine`, `rhel` … Lower case. */
  readonly id: string
  /** `VERSION_ID`: `12`, `3.18.0`, `22.04`. Empty for rolling releases. */
  readonly versionId: string
  /** `VERSION_CODENAME`, or what takes its place: `bookworm`. Empty if not stated. */
  readonly codename: string
  /** `PRETTY_NAME`, for people. */
  readonly prettyName: string
  /** `ID_LIKE`, split. */
  readonly idLike: readonly string[]
  /** `CPE_NAME`. Empty if not stated. */
  readonly cpe: string
}

/** The name of a release for people: `PRETTY_NAME`, or what else is stated. */
export function releaseName({ id, versionId, codename, prettyName }: Release): string {
  return prettyName || [id, versionId || codename].join(' ').trim()
}

/** What an analyzer saw in one file. It belongs to the layer and path of that file. */
export type Observation =
  | { readonly kind: 'package'; readonly package: Package }
  | {
      readonly kind: 'release'
      readonly release: Release
      /** Which release file it is, lower first: `etc/os-release` beats `usr/lib/os-release` beats `etc/lsb-release`. */
      readonly precedence: number
    }
  | {
      /**
       * The repositories that a layer's packages came from, as the image names them: Red Hat content sets
       * (`rhel-9-for-x86_64-baseos-rpms`), CPE names, or repositories of apk (`v3.20/main`). It belongs to the layer, whatever becomes of the file
       * (`layerRepositories` in core/repositories.ts).
       */
      readonly kind: 'repositories'
      readonly names: readonly string[]
    }
  | { readonly kind: 'gap'; readonly code: import('./gap.ts').GapCode; readonly detail: string }
