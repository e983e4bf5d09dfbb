/** Where an advisory can be read: `ALAS-2018-939`, `ALAS2-2018-939`, `ALAS2DOCKER-2021-001`, `ALAS2023-2023-001`. */
export function advisoryLink(id: string): string {
  const release = /^ALAS(2023|2)/.exec(id)?.[1]
  return `https://alas.aws.amazon.com/${release === undefined ? '' : `AL${release}/`}${encodeURIComponent(id.toWellFormed())}.html`
}
