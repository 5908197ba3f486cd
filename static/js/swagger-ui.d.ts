// The package brings no types.
declare module "swagger-ui-dist/swagger-ui-es-bundle.js" {
  export interface System {
    React: { createElement: (component: unknown, props?: Record<string, unknown> | null, ...children: unknown[]) => unknown };
  }
  export interface LayoutProps {
    specSelectors: { specStr(): string };
    getComponent(name: string, container?: boolean): unknown;
  }
  const SwaggerUIBundle: (options: Record<string, unknown>) => unknown;
  export default SwaggerUIBundle;
}
