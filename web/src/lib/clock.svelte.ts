// The present minute, for what shows a time of day.
let minute = $state.raw(new Date());
setInterval(() => (minute = new Date()), 20_000);

export const clock = (): Date => minute;
