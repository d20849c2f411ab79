/** Chrome and Edge since 137, Firefox since 153, Safari since 27, Node since 24. */
export declare function hasJspi(): boolean;
