// esbuild turns the import of a .wasm file into the address of its hashed copy.
declare module "*.wasm" {
  const url: string;
  export default url;
}
