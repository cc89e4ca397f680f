// Draws the pictures that `media://` would answer with, for the development server.

import type { Plugin } from 'vite';

const shapes: [number, number][] = [[4000, 3000], [3000, 4000], [4000, 2250], [2400, 2400], [4000, 2667], [2667, 4000]]; // prettier-ignore

export function mockMedia(): Plugin {
  return {
    name: 'mock-media',
    apply: 'serve',
    configureServer(server) {
      server.middlewares.use('/mock-media', (request, response) => {
        const [, kind = '', id = '0'] = (request.url ?? '').split('/');
        const number = Number(id.replace(/\D/g, ''));
        if (kind !== 'portrait' && kind !== 'crop' && number % 13 === 0) {
          response.statusCode = 404;
          response.setHeader('content-type', 'application/json');
          response.end(
            JSON.stringify({
              code: 'notFound',
              message: 'The photo is no longer where the post says (404).',
            }),
          );
          return;
        }
        response.setHeader('content-type', 'image/svg+xml');
        response.end(drawing(kind, number));
      });
    },
  };
}

function drawing(kind: string, number: number): string {
  const square = kind === 'portrait' || kind === 'enrolled' || kind === 'crop';
  const [width, height] = square ? [1, 1] : (shapes[number % shapes.length] ?? [4, 3]);
  const hue = (number * 47) % 360;
  const tall = Math.round((1600 * height) / width);
  const blurred = !square && kind !== 'revealed' && number % 17 === 0;
  const faces = square ? 1 : 1 + (number % 3);
  const people = Array.from({ length: faces }, (_, index) => {
    const x = (1600 / faces) * (index + 0.5);
    const side = square ? 800 : Math.min(1600 / (faces + 1), tall / 3);
    const y = square ? 800 : tall * 0.3 + (index % 2) * side * 0.3 + side * 0.6;
    const skin = `hsl(${20 + ((number + index) % 12)} 45% ${35 + (((number + index) * 13) % 45)}%)`;
    const shirt = `hsl(${(hue + 120 + index * 70) % 360} 40% 45%)`;
    return `<rect x="${x - side * 0.7}" y="${y + side * 0.55}" width="${side * 1.4}" height="${side * 2}" rx="${side * 0.5}" fill="${shirt}"/>
      <ellipse cx="${x}" cy="${y}" rx="${side * 0.45}" ry="${side * 0.58}" fill="${skin}"/>
      <path d="M${x - side * 0.46} ${y - side * 0.1}a${side * 0.46} ${side * 0.55} 0 0 1 ${side * 0.92} 0q-${side * 0.4} -${side * 0.3} -${side * 0.92} 0z" fill="hsl(${(number * 31 + index * 90) % 60} 40% ${12 + ((number * 7) % 30)}%)"/>
      <circle cx="${x - side * 0.17}" cy="${y}" r="${side * 0.05}" fill="#222"/><circle cx="${x + side * 0.17}" cy="${y}" r="${side * 0.05}" fill="#222"/>
      <path d="M${x - side * 0.15} ${y + side * 0.28}q${side * 0.15} ${side * 0.12} ${side * 0.3} 0" stroke="#6b2b2b" stroke-width="${side * 0.04}" fill="none"/>`;
  }).join('');
  return `<svg xmlns="http://www.w3.org/2000/svg" width="1600" height="${tall}" viewBox="0 0 1600 ${tall}">
    <defs><linearGradient id="sky" x2="0" y2="1"><stop stop-color="hsl(${hue} 45% 72%)"/><stop offset="1" stop-color="hsl(${hue + 40} 40% 52%)"/></linearGradient>
    <filter id="blur"><feGaussianBlur stdDeviation="60"/><feColorMatrix type="saturate" values="0"/></filter></defs>
    <g ${blurred ? 'filter="url(#blur)"' : ''}><rect width="1600" height="${tall}" fill="url(#sky)"/>
    <path d="M0 ${tall * 0.7}q400 -160 800 0t800 -40V${tall}H0z" fill="hsl(${hue + 90} 25% 42%)"/>${people}</g></svg>`;
}
