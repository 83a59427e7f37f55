/** The page of all parts, for development and the browser tests alone: no build for users has it. */

import { mount } from 'svelte'
import { keyboard } from '../frame/keyboard'
import '../styles/all.css'
import Gallery from './Gallery.svelte'

keyboard.start()
const target = document.getElementById('app')
if (target) mount(Gallery, { target })
