// JavaScript Promise Integration: whether WebAssembly can wait for promises here.

/** Chrome and Edge since 137, Firefox since 153, Safari since 27, Node since 24. */
export function hasJspi() {
  return 'Suspending' in WebAssembly && 'promising' in WebAssembly;
}
