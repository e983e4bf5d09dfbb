declare module 'seek-bzip' {
  const bunzip: { decode(input: Uint8Array): Buffer }
  export default bunzip
}
