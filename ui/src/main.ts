import './tokens.css';
import './base.css';

import { mount } from 'svelte';

import App from './App.svelte';
import { applyTheme } from './theme';

applyTheme();

const target = document.getElementById('app');
if (target === null) throw new Error('index.html has no element #app');

export default mount(App, { target });
