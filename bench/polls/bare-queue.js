export const bareQueue = 'bench-bare';
