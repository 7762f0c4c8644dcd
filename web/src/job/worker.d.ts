/** Where a bundler put a worker. */
declare module "*?worker&url" {
    const url: string;
    export default url;
}
