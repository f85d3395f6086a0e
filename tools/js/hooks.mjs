// Resolves the scripts of a page for browser.mjs: they are modules, and what
// is imported for one page (?page=3) is not shared with the next.

export async function resolve(specifier, context, next) {
  const resolved = await next(specifier, context);
  const url = new URL(resolved.url);
  const page = url.searchParams.get("page") ?? new URL(context.parentURL ?? "file:///").searchParams.get("page");
  if (!page) return resolved;
  url.search = `?page=${page}`;
  return { ...resolved, url: url.href, format: "module" };
}
